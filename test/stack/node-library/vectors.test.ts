import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { afterAll, describe, expect, test } from 'vitest';
import { findKind } from '../../conformance/kinds.ts';
import { readVectors, type Vector } from '../../conformance/read-vectors.ts';
import { findTool } from '../../support/tools.ts';
import { startOracle } from './ask-oracle.ts';
import { DIFFERENCES, type NodeBuild } from './vector-differences.ts';
import { toVectorQuestion } from './vector-questions.ts';

const folder = process.env['SIGNET_VECTORS'] ?? '';
const BUILDS: readonly (readonly [NodeBuild, string | undefined])[] = [
  ['pure', findTool('node-library')],
  ['gpgme', findTool('node-library-gpgme')],
];
const vectors = folder === '' ? [] : await readVectors(folder);
const scratch = await mkdtemp(path.join(tmpdir(), 'signet-vectors-'));
afterAll(() => rm(scratch, { recursive: true }));

async function isAcceptedHere(vector: Vector): Promise<boolean> {
  const run = findKind(vector.area, vector.kind);
  if (typeof run !== 'function') throw new Error(`${vector.area} ${vector.kind} is not run here`);
  try {
    const output = await run(vector);
    return Object.entries(vector.output).every(
      ([member, value]) =>
        member === 'error' || member === 'message' || JSON.stringify(output[member]) === JSON.stringify(value),
    );
  } catch {
    return false;
  }
}

describe.skipIf(vectors.length === 0)('vectors, as the library of nodes answers them', () => {
  for (const [build, program] of BUILDS) {
    test.skipIf(program === undefined)(`${build}: every difference has a reason`, { timeout: 300_000 }, async () => {
      const root = vectors[0]?.root ?? '.';
      const oracle = startOracle(program ?? '', root);
      const found: Record<string, string> = {};
      const missing: string[] = [];
      let asked = 0;
      for (const vector of vectors) {
        const put = await toVectorQuestion(vector, await mkdtemp(path.join(scratch, 'case-')));
        if (put === undefined) continue;
        asked += 1;
        const { error, output = {} } = await oracle.ask(put.question);
        const isAccepted = error === '' && (put.accepts?.(output, error) ?? true);
        const isOurs = await isAcceptedHere(vector);
        if (isAccepted === isOurs) continue;
        const answer = isAccepted ? 'nodes accept' : 'nodes refuse';
        found[vector.name] = answer;
        const known = DIFFERENCES.find(({ names, builds }) => names.includes(vector.name) && builds.includes(build));
        if (known?.answer !== answer) missing.push(`${vector.area} ${vector.kind} ${vector.name}: ${answer} ${error}`);
      }
      oracle.close();
      expect(missing).toEqual([]);
      const present = new Set(vectors.map(({ name }) => name));
      const listed = DIFFERENCES.filter(({ builds }) => builds.includes(build)).flatMap(({ names }) => names);
      // A difference that is gone leaves the table.
      expect(listed.filter((name) => present.has(name) && found[name] === undefined)).toEqual([]);
      expect(asked).toBeGreaterThan(0);
      process.stdout.write(`${build}: ${asked} vectors asked, ${Object.keys(found).length} differences\n`);
    });
  }
});
