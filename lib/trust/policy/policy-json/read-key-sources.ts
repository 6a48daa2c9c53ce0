import { type JsonPath, PolicyError } from '../policy-error.ts';
import type { KeySource } from '../policy-requirement.ts';
import { type Members, readList, readText } from './read-members.ts';

const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/;

/** Key or certificate sources of a field whose name ends in `Path`, `Paths`, `Data` or `Datas`. @throws PolicyError */
export function readKeySources({ path: parent, values }: Members, name: string): readonly KeySource[] {
  const value = values.get(name);
  const path = [...parent, name];
  if (name.endsWith('Path')) return [readPathSource(value, path)];
  if (name.endsWith('Paths')) return readList(value, path, readPathSource);
  if (name.endsWith('Data')) return [readDataSource(value, path)];
  if (name.endsWith('Datas')) return readList(value, path, readDataSource);
  throw new PolicyError(path, 'unknown field');
}

/** As {@link readKeySources} for a field that holds one source. @throws PolicyError */
export function readKeySource({ path: parent, values }: Members, name: string): KeySource {
  const path = [...parent, name];
  return name.endsWith('Path') ? readPathSource(values.get(name), path) : readDataSource(values.get(name), path);
}

function readPathSource(value: unknown, path: JsonPath): KeySource {
  const text = readText(value, path);
  // The file system cuts a path there, or throws what no reader expects.
  if (text.includes('\0')) throw new PolicyError(path, 'a path has no NUL character');
  return { kind: 'path', path: text };
}

/** Base64 with padding, which may be wrapped, as Go's decoder has it. */
function readDataSource(value: unknown, path: JsonPath): KeySource {
  const text = readText(value, path).replace(/[\r\n]/g, '');
  if (text.length % 4 !== 0 || !BASE64.test(text)) throw new PolicyError(path, 'expected base64 with padding');
  return { kind: 'data', bytes: Buffer.from(text, 'base64') };
}
