import * as pulumi from "@pulumi/pulumi";
import * as tls from "@pulumi/tls";

/** What a server's certificate is for. */
export interface CertificatesArgs {
  /** What shows where certificates are listed. */
  title: string;
  dnsNames: readonly string[];
  ipAddresses: readonly string[];
}

/** What a server and its clients need of them, as PEM. */
export interface Certificates {
  /** What clients have to trust. */
  readonly caCertificate: pulumi.Output<string>;
  readonly certificate: pulumi.Output<string>;
  readonly key: pulumi.Output<string>;
}

const hoursOfADay = 24;
/** Ten years: to replace it, every client has to be told. */
const authorityHours = 3650 * hoursOfADay;
/** Apple's systems refuse a server's certificate that is good for more than 825 days. */
const serverHours = 800 * hoursOfADay;
/** An `up` in a server certificate's last 30 days renews it. */
const renewalHours = 30 * hoursOfADay;

/** An authority of its own for one server, and the server's certificate by it. They stay as they are until they are replaced. */
export function certificates(name: string, args: CertificatesArgs, parent: pulumi.Resource): Certificates {
  const authorityKey = key(`${name}-ca`, parent);
  const authority = new tls.SelfSignedCert(
    `${name}-ca`,
    {
      privateKeyPem: authorityKey.privateKeyPem,
      isCaCertificate: true,
      subject: { commonName: `${args.title} CA` },
      allowedUses: ["cert_signing", "crl_signing"],
      validityPeriodHours: authorityHours,
    },
    { parent },
  );
  const serverKey = key(name, parent);
  const request = new tls.CertRequest(
    name,
    {
      privateKeyPem: serverKey.privateKeyPem,
      subject: { commonName: args.title },
      dnsNames: [...args.dnsNames],
      ipAddresses: [...args.ipAddresses],
    },
    { parent },
  );
  const certificate = new tls.LocallySignedCert(
    name,
    {
      certRequestPem: request.certRequestPem,
      caCertPem: authority.certPem,
      caPrivateKeyPem: authorityKey.privateKeyPem,
      allowedUses: ["digital_signature", "server_auth"],
      validityPeriodHours: serverHours,
      earlyRenewalHours: renewalHours,
    },
    { parent },
  );
  return { caCertificate: authority.certPem, certificate: certificate.certPem, key: serverKey.privateKeyPem };
}

function key(name: string, parent: pulumi.Resource): tls.PrivateKey {
  return new tls.PrivateKey(name, { algorithm: "ECDSA", ecdsaCurve: "P256" }, { parent });
}
