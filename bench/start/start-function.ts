import { spawn } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import * as v from 'valibot';
import type { PackagedFunction } from './packaged-functions.ts';

const ANSWER = path.join(import.meta.dirname, 'answer.mjs');
const Figures = v.object({ milliseconds: v.optional(v.number(), 0), megabytes: v.number() });

export interface Started {
  /** From the start of the process to its first answer; of bare Node, to its first word. */
  readonly coldMilliseconds: number;
  /** Of the processor, for each further answer. */
  readonly warmMilliseconds: number;
  /** What the process held in the end. */
  readonly megabytes: number;
}

/**
 * Starts a function, or bare Node, in a process of its own.
 *
 * @param warm how often it answers again
 * @throws Error when it ends without an answer
 */
export async function startFunction(packaged: PackagedFunction | undefined, warm: number): Promise<Started> {
  const { bundle = '', eventFile = '', awsPort = '', env = {} } = packaged ?? {};
  const started = performance.now();
  const child = spawn(process.execPath, [ANSWER, bundle, eventFile, String(warm), awsPort], {
    env: { ...env },
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
  });
  const said = child.stdio[3];
  const { stderr } = child;
  if (said === undefined || said === null || stderr === null) throw new TypeError('a descriptor is not open');
  const chunks: string[] = [];
  let coldMilliseconds = Number.NaN;
  said.on('data', (chunk) => {
    if (chunks.length === 0) coldMilliseconds = performance.now() - started;
    chunks.push(String(chunk));
  });
  const [log] = await Promise.all([text(stderr), once(child, 'close')]);
  const last = chunks.join('').trim().split('\n').at(-1) ?? '';
  if (!last.startsWith('{')) throw new Error(`${packaged?.name ?? 'bare Node'} did not answer: ${log}`);
  const { milliseconds, megabytes } = v.parse(Figures, JSON.parse(last));
  return { coldMilliseconds, warmMilliseconds: milliseconds, megabytes };
}
