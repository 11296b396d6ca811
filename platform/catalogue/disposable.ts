import { bases } from "./common.ts";
import { loadBalancer } from "./infrastructure.ts";

/**
 * Volumes that hold nothing but what is made again by itself: gems that are installed anew, and where the load balancer and
 * the edge meet (`lb-sockets` is what that was called once).
 */
export const disposable: readonly string[] = [
  loadBalancer.shared.volume,
  "lb-sockets",
  ...Object.values(bases).flatMap((base) => ("shared" in base ? [base.shared.volume] : [])),
];
