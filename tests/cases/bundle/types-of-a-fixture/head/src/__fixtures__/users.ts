import { faker } from "@faker-js/faker";

export const users = [{ name: faker.person.fullName() }];
