// What Pulumi runs: the registry, which index.ts declares.

import { start } from "../components/start.ts";

export default () => start(() => import("./index.ts"));
