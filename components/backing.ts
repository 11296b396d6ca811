import type * as pulumi from "@pulumi/pulumi";

/** What a service gets of something that it uses. */
export interface Link {
  /** Where it is, as whom the service comes, and where it finds its password. */
  readonly variables: Readonly<Record<string, string>>;
  /** The service's own secrets, by the path of the file that holds each in its container. */
  readonly secrets: Readonly<Record<string, pulumi.Input<string>>>;
  /** What is there before the service starts, and until it has ended; whether it is well yet is the service's to find out. */
  readonly dependsOn: pulumi.Input<pulumi.Resource>;
}

/** Something that services use, such as the database. */
export interface Backing {
  /** Makes it ready for a service; `parent` is the service's component. */
  link(service: string, parent: pulumi.Resource): Link;
}
