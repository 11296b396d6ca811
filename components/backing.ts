import type * as pulumi from "@pulumi/pulumi";

/** What a service gets of something that it uses. */
export interface Link {
  /** Where it is, and credentials of the service's own. */
  readonly variables: Readonly<Record<string, pulumi.Input<string>>>;
  /** What has to be there before the service starts. */
  readonly ready: pulumi.Input<pulumi.Resource>;
}

/** Something that services use, such as the database. */
export interface Backing {
  /** Makes it ready for a service; `parent` is the service's component. */
  link(service: string, parent: pulumi.Resource): Link;
}
