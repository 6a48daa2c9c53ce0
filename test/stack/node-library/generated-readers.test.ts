import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { afterAll, describe, expect, test } from 'vitest';
import { ConfigurationError } from '../../../lib/base/errors/configuration-error.ts';
import { SignatureError } from '../../../lib/base/errors/signature-error.ts';
import { parseReference } from '../../../lib/base/names/reference.ts';
import { parseNodeRegistriesD } from '../../../lib/cluster/render/machine-config/machine-config-sources.ts';
import { parseSimpleSigningPayload } from '../../../lib/crypto/simple-signing-payload.ts';
import { findLookaside } from '../../../lib/trust/registries-d/registries-d.ts';
import { Draw } from '../../fuzz/draw.ts';
import { findTool } from '../../support/tools.ts';
import { startOracle } from './ask-oracle.ts';

const CASES = Number(process.env['SIGNET_POLICY_CASES'] ?? '3000');
const SEED = Number(process.env['SIGNET_POLICY_SEED'] ?? '17');
const program = findTool('node-library');
const work = await mkdtemp(path.join(tmpdir(), 'signet-readers-'));
afterAll(() => rm(work, { recursive: true }));

const DIGEST = `sha256:${'a'.repeat(64)}`;
const VALUES = [
  'null',
  '""',
  '1',
  '-1.5',
  '1e3',
  '1e999',
  'true',
  '[]',
  '{}',
  '{"a":1,"a":2}',
  '[{"b":[]}]',
  '"\\ud800"',
  '"\\u0000"',
  '"x\\y"',
  '9223372036854775807',
  '"é"',
];
const BYTES = [0xff, 0xfe, 0xc0, 0xe2, 0x82, 0xed, 0xa0, 0xf4, 0x90, 0x00, 0x22, 0x2c, 0x7b];

/** A payload with values of every type in every place, and now and then a byte in the place of another. */
function drawPayload(draw: Draw, type: string): Buffer {
  const value = (good: string): string => (draw.once(12) ? draw.pick(VALUES) : good);
  const more = (): string =>
    draw.once(15) ? `"${draw.pick(['x', 'type', 'creator', 'Type', '__proto__'])}":${draw.pick(VALUES)},` : '';
  const image = `{${more()}"docker-manifest-digest":${value(`"${DIGEST}"`)}}`;
  const identity = `{${more()}"docker-reference":${value('"quay.io/a:1"')}}`;
  const critical = `{${more()}"type":${value(`"${type}"`)},"image":${value(image)},"identity":${value(identity)}}`;
  const optional = `{${more()}${more()}"creator":${value('"c"')},"timestamp":${value('1700000000')}}`;
  const bytes = Buffer.from(`{${more()}"critical":${value(critical)},"optional":${value(optional)}}`);
  for (let count = draw.once(3) ? 1 + draw.below(2) : 0; count > 0; count--) {
    bytes[draw.below(bytes.length)] = draw.pick(BYTES);
  }
  return bytes;
}

const SECTION = [
  'lookaside',
  'sigstore',
  'lookaside-staging',
  'use-sigstore-attachments',
  'lookasid',
  '<<',
  'LOOKASIDE',
];
const SCALARS = [
  'https://a.test/sigs',
  '"https://b.test?x=1"',
  'file:///c',
  '',
  '~',
  '""',
  '1',
  'true',
  'yes',
  'Yes',
  'on',
  '"off"',
  'n',
  '[]',
  '{}',
  '*d',
  'relative/path',
];
const KEYS = [
  'quay.io',
  'quay.io/a',
  'quay.io/a/b',
  '"*.io"',
  'Quay.io',
  '"quay.io/"',
  '""',
  '"*"',
  'quay.io:443',
  'localhost:5000',
  '"*.io/a"',
];

function drawRegistriesD(draw: Draw): string {
  const section = (): string => {
    if (draw.once(10)) return draw.pick(SCALARS);
    const members = Array.from({ length: draw.below(4) }, () => `${draw.pick(SECTION)}: ${draw.pick(SCALARS)}`);
    return `{${members.join(', ')}}`;
  };
  // The anchor stands in front: a section that names itself is none.
  const lines = ['x-defaults: &d {lookaside: "https://d.test"}', draw.once(3) ? '' : `default-docker: ${section()}`];
  if (draw.once(10)) lines.push(`atomic: ${draw.pick(SCALARS)}`);
  const entries = Array.from({ length: draw.below(4) }, () => `  ${draw.pick(KEYS)}: ${section()}`);
  lines.push(draw.once(8) ? `docker: ${draw.pick(SCALARS)}` : ['docker:', ...entries].join('\n'));
  if (draw.once(15)) lines.push('---', 'docker: {quay.io: {lookaside: "https://second.test"}}');
  return `${lines.join('\n')}\n`;
}

/** Undefined for what is refused. @throws what is not a refusal */
function tryRead<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof SignatureError || error instanceof ConfigurationError) return undefined;
    throw error;
  }
}

describe.skipIf(program === undefined)('generated texts beside the readers of nodes', () => {
  test.each([
    ['payload-strict', 'strict', 'atomic container signature'],
    ['payload-cosign', 'cosign', 'cosign container image signature'],
  ] as const)(`${CASES} payloads of seed ${SEED}: %s`, { timeout: 3_600_000 }, async (operation, mode, type) => {
    const oracle = startOracle(program ?? '', work);
    const different: string[] = [];
    let read = 0;
    for (let iteration = 0; iteration < CASES; iteration++) {
      const bytes = drawPayload(new Draw(SEED, 3, iteration), type);
      const { error, output = {} } = await oracle.ask({ operation, bytes });
      const ours = tryRead(() => parseSimpleSigningPayload(bytes, mode));
      const isSame =
        (ours === undefined) === (error !== '') &&
        (ours === undefined || mode === 'cosign' || output['reference'] === ours.dockerReference);
      if (ours !== undefined) read += 1;
      if (!isSame)
        different.push(
          `${iteration}: ${JSON.stringify(ours)}, nodes: ${error || JSON.stringify(output)}: ${bytes.toString('latin1')}`,
        );
    }
    oracle.close();
    process.stdout.write(
      `${JSON.stringify({ operation, cases: CASES, seed: SEED, read, different: different.length })}\n`,
    );
    expect(different.slice(0, 5)).toEqual([]);
    expect(read).toBeGreaterThan(CASES / 20);
  });

  test(`${CASES} of registries.d of seed ${SEED}`, { timeout: 3_600_000 }, async () => {
    const oracle = startOracle(program ?? '', work);
    const folder = path.join(work, 'registries.d');
    await mkdir(folder);
    const reference = parseReference(`quay.io/a/b@${DIGEST}`);
    const different: string[] = [];
    let read = 0;
    for (let iteration = 0; iteration < CASES; iteration++) {
      const text = drawRegistriesD(new Draw(SEED, 4, iteration));
      await writeFile(path.join(folder, 'a.yaml'), text);
      const { error, output = {} } = await oracle.ask({
        operation: 'lookaside',
        registriesD: folder,
        reference: `quay.io/a/b@${DIGEST}`,
      });
      const ours = tryRead(() => {
        const found = parseNodeRegistriesD([{ name: 'a.yaml', bytes: Buffer.from(text) }]);
        return findLookaside(found, reference).base;
      });
      if (ours !== undefined) read += 1;
      // Refused although nodes take it, on purpose: a host in another spelling than the one that they compare.
      const isSpelling = ours === undefined && /^ {2}(?:Quay\.io|quay\.io:443):/m.test(text);
      const isSame = ours === undefined ? error !== '' : ours === output['url'];
      if (!isSame && !isSpelling)
        different.push(`${iteration}: ${ours}, nodes: ${error || JSON.stringify(output)}: ${text}`);
    }
    oracle.close();
    process.stdout.write(
      `${JSON.stringify({ operation: 'registries.d', cases: CASES, seed: SEED, read, different: different.length })}\n`,
    );
    expect(different.slice(0, 5)).toEqual([]);
    expect(read).toBeGreaterThan(CASES / 20);
  });
});
