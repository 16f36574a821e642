import type { User } from "./__fixtures__/users";

export const format = (user: User): string => user.name;
