import { users } from "./__fixtures__/users";

export const format = (value: number): string => users[0].name + value.toFixed(2);
