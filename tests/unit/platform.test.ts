import assert from "node:assert/strict";
import { accountSql, databaseName } from "../../platform/database.ts";
import { kinds, type Environment } from "../../platform/environment.ts";
import { linkVariables } from "../../platform/links.ts";
import { registrationVariables, registratorCommand } from "../../platform/registrator.ts";

const environment: Environment = {
  ...kinds.development,
  project: "mia",
  platform: "mia-dev",
  kind: "development",
  source: "Pulumi.dev.yaml",
  machine: { driver: "local" },
  images: "",
  ownImages: "mia-",
  services: [],
  replicas: {},
  versions: {},
  publishAddress: "127.0.0.1",
  serviceAddress: "",
  ports: { http: 80, status: 8181, consul: 8500, consulServer: 8300, consulDns: 8600, rmqManagement: 15672 },
};

describe("A link", () => {
  it("has the article's variables, with names that survive a restart", () => {
    assert.deepEqual(linkVariables("db", 3306), {
      WEB_DB_1_PORT: "tcp://db:3306",
      WEB_DB_1_PORT_3306_TCP: "tcp://db:3306",
      WEB_DB_1_PORT_3306_TCP_ADDR: "db",
      WEB_DB_1_PORT_3306_TCP_PORT: "3306",
      WEB_DB_1_PORT_3306_TCP_PROTO: "tcp",
      DB_PORT: "tcp://db:3306",
      DB_PORT_3306_TCP: "tcp://db:3306",
      DB_PORT_3306_TCP_ADDR: "db",
      DB_PORT_3306_TCP_PORT: "3306",
      DB_PORT_3306_TCP_PROTO: "tcp",
    });
  });
});

describe("A registration", () => {
  it("says everything of the port, but for the platform", () => {
    const registration = { name: "user", tags: ["backend", "user"], port: 3000, checkPath: "/health" };
    assert.deepEqual(registrationVariables(environment, registration), {
      SERVICE_PLATFORM: "mia-dev",
      SERVICE_3000_NAME: "user",
      SERVICE_3000_TAGS: "backend,user",
      SERVICE_3000_CHECK_HTTP: "/health",
      SERVICE_3000_CHECK_INTERVAL: "2s",
      SERVICE_3000_CHECK_TIMEOUT: "5s",
      SERVICE_3000_CHECK_DEREGISTER_AFTER: "10m",
    });
  });

  it("is under the containers' own addresses, or under one of the machine's", () => {
    assert.equal(registratorCommand(environment)[0], "-internal");
    assert.equal(registratorCommand({ ...environment, serviceAddress: "10.0.2.15" })[0], "-ip=10.0.2.15");
  });
});

describe("A service's account", () => {
  it("has its own database, as the article names it, and rights on nothing else", () => {
    const database = databaseName("user", "development");
    assert.equal(database, "mia_user_development");
    assert.equal(
      accountSql({ user: "user", password: "secret", database }),
      "CREATE DATABASE IF NOT EXISTS `mia_user_development` CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;\n" +
        "CREATE USER IF NOT EXISTS 'user'@'%' IDENTIFIED BY 'secret';\n" +
        "ALTER USER 'user'@'%' IDENTIFIED BY 'secret';\n" +
        "GRANT ALL PRIVILEGES ON `mia\\_user\\_development`.* TO 'user'@'%';\n",
    );
  });
});
