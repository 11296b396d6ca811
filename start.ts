// What Pulumi runs: the platform, which index.ts declares.

import "./components/quick-start.ts";

export default async () => {
  // Not before: it loads the SDK.
  const { start } = await import("./components/start.ts");
  return start(() => import("./index.ts"));
};
