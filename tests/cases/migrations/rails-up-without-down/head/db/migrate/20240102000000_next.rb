class Next < ActiveRecord::Migration[7.1]
  def up
    add_column :users, :mail, :string
  end
end
