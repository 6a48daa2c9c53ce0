import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** What a node's library says of an image: the words of `go/main.go`. */
export interface NodeAnswer {
  readonly allowed: boolean;
  /** Why not; empty if allowed. */
  readonly reason: string;
  readonly stage: 'allowed' | 'policy' | 'choose' | 'manifest';
  /** The manifest that was judged: of an index the chosen instance. Empty if none was reached. */
  readonly digest: string;
}

export interface NodeQuestion {
  /** `docker://HOST/REPOSITORY@DIGEST` or `dir:PATH`. */
  readonly image: string;
  readonly policyFile: string;
  readonly registriesConf?: string;
  readonly registriesD?: string;
  /** linux/amd64 if not given. */
  readonly platform?: { readonly os: string; readonly arch: string; readonly variant?: string };
  /** Judges an index by its own signatures, as skopeo's proxy did before 1.22.2. */
  readonly isTopLevel?: boolean;
}

/** Asks the test tool node-library, which reads no configuration of this machine. */
export async function askNodeLibrary(program: string, question: NodeQuestion): Promise<NodeAnswer> {
  const { image, policyFile, registriesConf, registriesD, platform, isTopLevel = false } = question;
  const flags = {
    '--image': image,
    '--policy': policyFile,
    '--registries-conf': registriesConf,
    '--registries-d': registriesD,
    '--os': platform?.os,
    '--arch': platform?.arch,
    '--variant': platform?.variant,
  };
  const args = Object.entries(flags).flatMap(([name, value]) => (value === undefined ? [] : [name, value]));
  const { stdout } = await run(program, isTopLevel ? [...args, '--top-level'] : args);
  return JSON.parse(stdout) as NodeAnswer;
}
