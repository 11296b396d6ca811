import { type Difference, differences, factsOf, isOwn } from "./facts.ts";
import { render, type Recorded } from "./render.ts";

/** What happens to a resource. */
export type Operation = "create" | "update" | "replace" | "delete";

/** A resource that an `up` would not leave as it is. */
export interface Change {
  readonly operation: Operation;
  /** `docker:index/container:Container::user` */
  readonly resource: string;
  /** What differs of it; nothing where it comes or goes as a whole. */
  readonly details: readonly Difference[];
}

/** What two of a stack's texts (record.ts) differ in, without asking an engine or a state. */
export function changesOfTexts(before: string, after: string): Change[] {
  const all = differences(factsOf(before), factsOf(after));
  return [...Map.groupBy(all, ({ resource }) => resource)].map(([resource, details]) => ({
    operation: operationOf(resource, details),
    resource,
    details: details.filter(({ what }) => what !== ""),
  }));
}

/** What Pulumi's Docker provider changes of a container that goes on running. */
const inPlace = /^(memory|memorySwap|cpuShares|cpuSet|restart|maxRetryCount|destroyGraceSeconds|wait|waitTimeout)\b/;

function operationOf(resource: string, details: readonly Difference[]): Operation {
  const whole = details.find(({ what }) => what === "");
  if (whole !== undefined) return whole.before.length === 0 ? "create" : "delete";
  const own = details.filter(({ what }) => isOwn(what));
  if (/^docker:.*:Container::/.test(resource))
    return own.some(({ what }) => !inPlace.test(what)) ? "replace" : "update";
  const replaces = /^(docker|random|tls):/.test(resource) || own.some(({ what }) => what.startsWith("triggers"));
  return own.length > 0 && replaces ? "replace" : "update";
}

/** A step of `pulumi preview --json`, as far as it is looked at. */
export interface Step {
  readonly op: string;
  readonly urn: string;
  readonly oldState?: State | undefined;
  readonly newState?: State | undefined;
}

interface State {
  readonly custom: boolean;
  readonly type: string;
  readonly protect?: boolean;
  readonly inputs?: Record<string, unknown>;
}

/** What a preview would do: its steps about anything but components and providers, which do nothing by themselves. */
export function changesOfPreview(steps: readonly Step[]): Change[] {
  return steps.flatMap(({ op, urn, oldState, newState }) => {
    const { custom = false, type = "" } = newState ?? oldState ?? {};
    if (!custom || type.startsWith("pulumi:") || !isOperation(op)) return [];
    const resource = `${type}::${urn.split("::").at(-1) ?? ""}`;
    const [before, after] = [oldState, newState].map((state) => textOf(resource, state));
    const details = op === "create" || op === "delete" ? [] : differences(factsOf(before ?? ""), factsOf(after ?? ""));
    return [{ operation: op, resource, details }];
  });
}

function isOperation(op: string): op is Operation {
  return ["create", "update", "replace", "delete"].includes(op);
}

/** A resource's state as the text that a recorded one has. */
function textOf(resource: string, state: State | undefined): string {
  const [type = "", name = ""] = resource.split("::");
  // What the engine fills in, such as the end of a name, follows from the rest.
  const { __defaults: filled, ...given } = state?.inputs ?? {};
  const inputs = Object.entries(given).filter(([key]) => !(filled as string[] | undefined)?.includes(key));
  const options: Recorded["options"] = state?.protect === undefined ? {} : { protect: state.protect };
  const known = JSON.parse(
    JSON.stringify(Object.fromEntries(inputs)).replaceAll(unknown, "(known after up)"),
  ) as object;
  return render("", [{ type, name, parent: "", dependsOn: [], options, inputs: { ...known } }], {});
}

/** What Pulumi writes for a value that is not known yet. */
const unknown = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
