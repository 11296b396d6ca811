import assert from "node:assert/strict";
import { isLocal } from "../../components/machine/questions.ts";
import { hasPorts, isWell } from "../../components/machine/there.ts";

describe("What is asked of an engine early", () => {
  it("is asked of the docker command's only where that is the stack's", () => {
    const configs = [undefined, "{}", '{"mia:machine":"{}"}', '{"mia:machine":"{\\"driver\\":\\"local\\"}"}'];
    assert.deepEqual(configs.map(isLocal), [true, true, true, true]);
    const others = ['{"mia:machine":"{\\"driver\\":\\"ssh\\"}"}', '{"mia:machine":"local"}', "no JSON"];
    assert.deepEqual(others.map(isLocal), [false, false, false]);
  });

  it("tells who is well by what the engine lists", () => {
    const container = { id: "a", name: "db", platform: "", stack: "", ports: "" };
    const well = (status: string) => isWell({ containers: [{ ...container, status }], why: "" }, "a");
    const statuses = ["Up 5 minutes", "Up Less than a second", "Up 2 hours (healthy)"];
    assert.deepEqual(statuses.map(well), [true, true, true]);
    const others = [
      "Up 5 seconds (health: starting)",
      "Up 2 hours (unhealthy)",
      "Up 2 hours (Paused)",
      "Restarting (1) 2 seconds ago",
      "Exited (0) 5 minutes ago",
      "Created",
    ];
    assert.deepEqual(others.map(well), [false, false, false, false, false, false]);
    // One that ended with its engine is listed with the ports that it had.
    const holds = (status: string) => hasPorts({ ...container, status, ports: "0.0.0.0:80->80/tcp" });
    assert.deepEqual(["Up 2 hours (Paused)", "Restarting (1) 2 seconds ago"].map(holds), [true, true]);
    assert.deepEqual(["Exited (255) 10 hours ago", "Created"].map(holds), [false, false]);
  });
});
