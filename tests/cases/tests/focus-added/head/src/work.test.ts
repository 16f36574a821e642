import { add } from "./work";

test("adds", () => {
  expect(add(1, 2)).toBe(3);
});

test.only("adds more", () => {
  expect(add(2, 2)).toBe(4);
});
