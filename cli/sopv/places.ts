import { createReadStream, createWriteStream, existsSync, type ReadStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { addAbortSignal } from 'node:stream';
import { finished } from 'node:stream/promises';
import { isAbsent, toFileReason } from '../../lib/platform/files/file-error.ts';
import { SopError } from './failures.ts';

/** Where an argument's bytes are: a file, `@FD:N` or `@ENV:NAME`. */
type Place =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'descriptor'; readonly descriptor: number }
  | { readonly kind: 'variable'; readonly name: string };

const DESCRIPTOR = /^[0-9]{1,9}$/;

/** @throws SopError for another prefix, and for a designator that is the name of a file too */
function parsePlace(argument: string): Place {
  if (!argument.startsWith('@')) return { kind: 'file', path: argument };
  if (existsSync(argument)) {
    throw new SopError('ambiguousInput', `${argument} is a file too: write ./${argument} for that`);
  }
  const [prefix, rest] = splitOnce(argument);
  if (prefix === '@FD' && DESCRIPTOR.test(rest)) return { kind: 'descriptor', descriptor: Number(rest) };
  if (prefix === '@ENV' && rest !== '') return { kind: 'variable', name: rest };
  throw new SopError('unsupportedSpecialPrefix', `${argument}: only @FD:NUMBER and @ENV:NAME are known`);
}

function splitOnce(text: string): readonly [string, string] {
  const at = text.indexOf(':');
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}

/** Bytes of signatures or certificates, at most. */
const MAX_ARGUMENT_BYTES = 1024 * 1024;

/**
 * What an argument names, whole. A pipe or a terminal may stand in for a file, as scripts give one.
 *
 * @throws SopError `missingInput`, or `badData` for more than the limit
 */
export async function readArgument(argument: string, signal: AbortSignal): Promise<Uint8Array> {
  const place = parsePlace(argument);
  if (place.kind === 'variable') {
    const value = process.env[place.name];
    if (value === undefined) throw new SopError('missingInput', `${argument}: the variable is not set`);
    return requireShort(Buffer.from(value), argument);
  }
  const stream =
    place.kind === 'file'
      ? createReadStream(place.path)
      : createReadStream('', { fd: place.descriptor, autoClose: false });
  try {
    return await readWhole(stream, argument, MAX_ARGUMENT_BYTES, signal);
  } catch (cause) {
    if (cause instanceof SopError || signal.aborted) throw cause;
    const why = isAbsent(cause) ? 'no such file' : toFileReason(cause);
    throw new SopError('missingInput', `cannot read ${argument}: ${why}`, { cause });
  }
}

/** Standard input, whole. @throws SopError `badData` for more than the limit */
export async function readData(limitBytes: number, signal: AbortSignal): Promise<Uint8Array> {
  return await readWhole(process.stdin, 'standard input', limitBytes, signal);
}

async function readWhole(
  stream: ReadStream | typeof process.stdin,
  name: string,
  limitBytes: number,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of addAbortSignal(signal, stream)) {
    const bytes = Buffer.from(chunk as Uint8Array | string);
    length += bytes.length;
    if (length > limitBytes) throw new SopError('badData', `${name} is longer than ${limitBytes} bytes`);
    chunks.push(bytes);
  }
  return Buffer.concat(chunks);
}

function requireShort(bytes: Uint8Array, name: string): Uint8Array {
  if (bytes.length <= MAX_ARGUMENT_BYTES) return bytes;
  throw new SopError('badData', `${name} is longer than ${MAX_ARGUMENT_BYTES} bytes`);
}

/** Where a result goes, found before anything is read. */
export interface OutputPlace {
  readonly write: (text: string) => Promise<void>;
}

/** @throws SopError `outputExists`: nothing that is there is written over; `unsupportedSpecialPrefix` for a variable */
export function openOutput(argument: string): OutputPlace {
  const place = parsePlace(argument);
  if (place.kind === 'variable') {
    throw new SopError('unsupportedSpecialPrefix', `${argument}: nothing can be written into a variable`);
  }
  if (place.kind === 'descriptor') return { write: async (text) => await writeDescriptor(place.descriptor, text) };
  const exists = (cause?: unknown): SopError =>
    new SopError('outputExists', `${place.path} is there already`, { cause });
  if (existsSync(place.path)) throw exists();
  return {
    write: async (text) => {
      try {
        await writeFile(place.path, text, { flag: 'wx' });
      } catch (cause) {
        if (cause instanceof Error && 'code' in cause && cause.code === 'EEXIST') throw exists(cause);
        throw toUnwritten(argument, cause);
      }
    },
  };
}

async function writeDescriptor(descriptor: number, text: string): Promise<void> {
  try {
    const stream = createWriteStream('', { fd: descriptor, autoClose: false });
    stream.end(text);
    await finished(stream);
  } catch (cause) {
    throw toUnwritten(`@FD:${descriptor}`, cause);
  }
}

function toUnwritten(place: string, cause: unknown): SopError {
  const why = toFileReason(cause);
  return new SopError('unspecifiedFailure', `cannot write ${place}: ${why}`, { cause });
}
