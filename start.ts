// What Pulumi runs: the platform, which index.ts declares.

import "./components/quick-start.ts";
import { askLocal, isLocal } from "./components/machine/questions.ts";

// The engine answers meanwhile.
if (isLocal(process.env["PULUMI_CONFIG"])) askLocal();

export default async () => {
  // Not before: it loads the SDK.
  const { start } = await import("./components/start.ts");
  return start(() => import("./index.ts"));
};
