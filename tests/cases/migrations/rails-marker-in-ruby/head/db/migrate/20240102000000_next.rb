class Next < ActiveRecord::Migration[7.1]
  # gatepost: irreversible reason="names are gone for good" strategy="restore"
  def change
    remove_column :users, :name
  end
end
