// What must not compile: `npm run check` fails where one of these does.

import type { FrontendEntry, MicroserviceEntry, NoPartsName } from "../../platform/service.ts";

export const wrong = {
  // @ts-expect-error a backing service that there is not
  unknown: { source: "services/a", uses: ["database"] },
  // @ts-expect-error a field that there is not
  misspelt: { source: "services/a", uses: [], memoryMb: 512 },
  // @ts-expect-error what Registrator is told follows from the entry
  handwritten: { source: "services/a", uses: [], environment: { SERVICE_3000_NAME: "b" } },
  // @ts-expect-error a name that a part of the infrastructure has
  db: { source: "services/a", uses: [] },
} satisfies Record<string, MicroserviceEntry> & NoPartsName;

export const alsoWrong = {
  // @ts-expect-error what it belongs to is missing
  shop: { source: "frontend/shop" },
} satisfies Record<string, FrontendEntry>;

export const twice = {
  user: { source: "services/a", uses: [] },
  // @ts-expect-error a name that there is already: what runs would take the second without a word
  user: { source: "services/b", uses: [] },
} satisfies Record<string, MicroserviceEntry>;
