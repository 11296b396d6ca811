// What Pulumi runs: the registry, which index.ts declares.

import "../components/quick-start.ts";
import { start } from "../components/start.ts";

export default () => start(() => import("./index.ts"));
