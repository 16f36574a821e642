export const find = (id: number) => sql`SELECT id, name FROM users WHERE id = ${id}`;
export const add = "INSERT INTO users (email) VALUES ($1)";
