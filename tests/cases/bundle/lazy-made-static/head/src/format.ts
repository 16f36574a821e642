import Report from "./report";

export const format = (value: number): string => Report.name + value.toFixed(2);
