import { utils } from "xlsx";

export default () => <pre>{utils.book_new()}</pre>;
