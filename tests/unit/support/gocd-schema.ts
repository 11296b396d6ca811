import * as v from "valibot";

// The format of GoCD's YAML plugin, version 10, as its reference documents it, as far as anything of it may be used here: what is not
// named is refused, since the plugin lets misspelt keys pass.

const texts = v.record(v.string(), v.union([v.string(), v.number()]));
const name = v.pipe(v.string(), v.regex(/^[a-zA-Z0-9_][\w.-]*$/));

const exec = v.strictObject({
  exec: v.strictObject({
    command: v.string(),
    arguments: v.optional(v.array(v.string())),
    working_directory: v.optional(v.string()),
    run_if: v.optional(v.picklist(["passed", "failed", "any"])),
  }),
});

const files = v.strictObject({ source: v.string(), destination: v.optional(v.string()) });

const job = v.strictObject({
  timeout: v.optional(v.pipe(v.number(), v.integer(), v.minValue(0))),
  run_instances: v.optional(v.union([v.literal("all"), v.number()])),
  resources: v.optional(v.array(name)),
  environment_variables: v.optional(texts),
  tabs: v.optional(texts),
  artifacts: v.optional(v.array(v.union([v.strictObject({ build: files }), v.strictObject({ test: files })]))),
  tasks: v.pipe(v.array(exec), v.minLength(1)),
});

const stage = v.strictObject({
  fetch_materials: v.optional(v.boolean()),
  keep_artifacts: v.optional(v.boolean()),
  clean_workspace: v.optional(v.boolean()),
  approval: v.optional(v.picklist(["success", "manual"])),
  environment_variables: v.optional(texts),
  jobs: v.record(name, job),
});

const configRepository = v.strictObject({
  type: v.literal("configrepo"),
  includes: v.optional(v.pipe(v.array(v.string()), v.minLength(1))),
  ignore: v.optional(v.pipe(v.array(v.string()), v.minLength(1))),
  destination: v.optional(v.string()),
});

const dependency = v.strictObject({ pipeline: name, stage: name, ignore_for_scheduling: v.optional(v.boolean()) });

const pipeline = v.strictObject({
  group: v.pipe(v.string(), v.regex(/^\w+$/)),
  label_template: v.optional(v.string()),
  lock_behavior: v.optional(v.picklist(["lockOnFailure", "unlockWhenFinished", "none"])),
  timer: v.optional(v.strictObject({ spec: v.string(), only_on_changes: v.optional(v.boolean()) })),
  environment_variables: v.optional(texts),
  // The names of materials are of letters, digits and _.
  materials: v.record(v.pipe(v.string(), v.regex(/^\w+$/)), v.union([configRepository, dependency])),
  stages: v.pipe(
    v.array(
      v.pipe(
        v.record(name, stage),
        v.check((one) => Object.keys(one).length === 1),
      ),
    ),
    v.minLength(1),
  ),
});

/** A .gocd.yaml. */
export const gocd = v.strictObject({
  format_version: v.literal(10),
  common: v.optional(v.record(v.string(), v.unknown())),
  pipelines: v.record(name, pipeline),
});
