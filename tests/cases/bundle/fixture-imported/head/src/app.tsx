import { lazy } from "react";
import { format } from "./format";

const Report = lazy(() => import("./report"));
export const App = () => <Report title={format(1)} />;
