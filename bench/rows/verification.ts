import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { readKey, readMessage, verify } from 'openpgp';
import { type IndexedKeyring, indexKeyring } from '../../lib/openpgp/indexed-keyring.ts';
import { prepareKeyring } from '../../lib/openpgp/prepare-keyring.ts';
import { parseDigest } from '../../lib/pullspec/digest.ts';
import { parseRepository } from '../../lib/pullspec/reference.ts';
import { evaluateSignature } from '../../lib/verification/evaluate-signature.ts';
import { median, type Row } from '../row.ts';

const FIXTURES = path.join(import.meta.dirname, '../../test/fixtures/openpgp');
const ROUNDS = 5;
const ROUND_MS = 1000;
const NOW = Date.parse('2026-11-22T00:00:00Z') / 1000;

/** Full verification in process, one core: bytes in, result out, nothing kept between runs but the prepared keys. */
export async function measureVerification(): Promise<readonly Row[]> {
  const messages = { v4: read('messages/rsa4096'), v3: read('messages/rsa4096-v3') };
  const keyring = indexKeyring((await prepareKeyring('bench', read('keys/rsa4096.asc'))).keyring);
  const ours = { v4: verifier(messages.v4, keyring), v3: verifier(messages.v3, keyring) };
  const openpgpjs = await openpgpjsVerifier(messages.v4, read('keys/rsa4096.asc').toString());
  const rates = { v4: [] as number[], v3: [] as number[], openpgpjs: [] as number[] };
  const openssl: number[] = [];
  // Taken in turn, so that a machine that changes its speed changes it for all.
  for (let round = 0; round < ROUNDS; round++) {
    rates.v4.push(await rateOf(ours.v4));
    openssl.push(...opensslRate());
    rates.v3.push(await rateOf(ours.v3));
    rates.openpgpjs.push(await rateOf(openpgpjs));
  }
  const bare = openssl.length === 0 ? undefined : median(openssl);
  const goal = { kind: 'at least', ratio: 0.6 } as const;
  const beside = 'openssl speed rsa4096, verify';
  return [
    {
      name: 'verify one release signature, RSA-4096, version 4',
      unit: '/s',
      ours: median(rates.v4),
      beside,
      theirs: bare,
      goal,
    },
    {
      name: 'verify one release signature, RSA-4096, version 3',
      unit: '/s',
      ours: median(rates.v3),
      beside,
      theirs: bare,
      goal,
    },
    {
      name: 'the same, version 4',
      unit: '/s',
      ours: median(rates.v4),
      beside: 'openpgp.js verify',
      theirs: median(rates.openpgpjs),
    },
  ];
}

function verifier(bytes: Uint8Array, keyring: IndexedKeyring): () => void {
  const text = Buffer.from(read('messages/not-compressed')).toString('latin1');
  const digest = parseDigest(/sha256:[0-9a-f]{64}/.exec(text)?.[0] ?? '');
  const requirement = {
    digest,
    signedRepositories: [parseRepository('quay.io/openshift-release-dev/ocp-release')],
    payloadMode: 'release',
  } as const;
  return () => {
    const { verified } = evaluateSignature(bytes, { store: 'bench', location: 'bench' }, [keyring], requirement, NOW);
    if (verified.length !== 1) throw new Error('the signature does not verify');
  };
}

async function openpgpjsVerifier(bytes: Uint8Array, armoredKey: string): Promise<() => Promise<void>> {
  const verificationKeys = await readKey({ armoredKey });
  const date = new Date(NOW * 1000);
  return async () => {
    const message = await readMessage({ binaryMessage: new Uint8Array(bytes) });
    const { signatures } = await verify({ message, verificationKeys, format: 'binary', date });
    if (signatures.length !== 1) throw new Error('openpgp.js sees no signature');
    await signatures[0]?.verified;
  };
}

/** Runs per second, for about a second. */
async function rateOf(run: () => void | Promise<void>): Promise<number> {
  for (let warm = 0; warm < 200; warm++) await run();
  const started = performance.now();
  let runs = 0;
  while (performance.now() - started < ROUND_MS) {
    await run();
    runs++;
  }
  return (runs * 1000) / (performance.now() - started);
}

/** What the key operation alone gives; empty where there is no openssl. */
function opensslRate(): readonly number[] {
  try {
    const output = execFileSync('openssl', ['speed', '-seconds', '1', 'rsa4096'], { encoding: 'utf8', stdio: 'pipe' });
    const rate = Number(/^rsa 4096 bits.*\s([\d.]+)\s*$/m.exec(output)?.[1]);
    return Number.isFinite(rate) ? [rate] : [];
  } catch {
    return [];
  }
}

function read(name: string): Buffer {
  return readFileSync(path.join(FIXTURES, name));
}
