import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

export interface StartedRegistry {
  /** `127.0.0.1:<port>`, spoken to over http. */
  readonly host: string;
  stop(): Promise<void>;
}

interface RegistryAbilities {
  readonly hasReferrers?: boolean;
  /** The signature extension of OpenShift's registry. */
  readonly hasSignatures?: boolean;
}

/** A registry in memory, by the program of `go/main.go`: the test tool referrers-registry. */
export async function startReferrersRegistry(
  program: string,
  { hasReferrers = true, hasSignatures = false }: RegistryAbilities = {},
): Promise<StartedRegistry> {
  const flags = [...(hasReferrers ? [] : ['without-referrers']), ...(hasSignatures ? ['with-signatures'] : [])];
  // It ends when its standard input does.
  const child = spawn(program, flags, { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'exit');
  const lines = createInterface({ input: child.stdout });
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  lines.once('line', resolve);
  child.once('exit', () => reject(new Error('the registry ended as it started')));
  const host = await promise;
  return {
    host,
    async stop() {
      child.stdin.end();
      await ended;
    },
  };
}
