DO $$ BEGIN RAISE EXCEPTION 'No going back'; END $$;
