class Next < ActiveRecord::Migration[7.1]
  def up
    execute "UPDATE users SET name = NULL WHERE name = ''"
  end

  def down
    raise ActiveRecord::IrreversibleMigration
  end
end
