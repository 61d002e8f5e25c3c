import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface Certificate {
  /** Paths of PEM files. */
  certificate: string;
  key: string;
}

export interface CertificateOptions {
  /** As openssl writes it: `IP:127.0.0.1`, `DNS:redis`. */
  name?: string;
  /** Negative: expired. */
  days?: number;
}

/** An authority of its own that nobody trusts unasked; its files are gone after `remove`. */
export class Authority {
  private readonly directory = mkdtempSync(join(tmpdir(), "llm-selfhost-tls-"));
  private made = 0;
  readonly certificate = join(this.directory, "authority.pem");
  private readonly key = join(this.directory, "authority.key");

  constructor() {
    const files = ["-keyout", this.key, "-out", this.certificate];
    openssl(["req", "-x509", ...newKey, "-days", "2", "-subj", "/CN=authority", ...files]);
  }

  issue({ name = "IP:127.0.0.1", days = 2 }: CertificateOptions = {}): Certificate {
    this.made += 1;
    const [key, request, certificate, names] = ["key", "request", "pem", "names"].map((ending) =>
      join(this.directory, `server-${this.made}.${ending}`),
    ) as [string, string, string, string];
    writeFileSync(names, `subjectAltName=${name}\n`);
    openssl(["req", ...newKey, "-subj", "/CN=redis", "-keyout", key, "-out", request]);
    const signer = ["-CA", this.certificate, "-CAkey", this.key, "-CAcreateserial"];
    const wanted = ["-days", String(days), "-extfile", names, "-out", certificate];
    openssl(["x509", "-req", "-in", request, ...signer, ...wanted]);
    return { certificate, key };
  }

  remove(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }
}

const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];

function openssl(args: string[]): void {
  execFileSync("openssl", args, { stdio: "ignore" });
}
