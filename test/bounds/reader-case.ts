/** A reader of untrusted bytes, and texts that could make it go over the same characters again and again. */
export interface ReaderCase {
  readonly name: string;
  /** @param size about how many characters */
  readonly make: (size: number) => string;
  /** May return a promise, for what comes in chunks. */
  readonly read: (text: string) => unknown;
}

export const repeat =
  (part: string) =>
  (size: number): string =>
    part.repeat(Math.ceil(size / part.length));

export const number = (size: number, toPart: (index: number) => string): string =>
  Array.from({ length: Math.ceil(size / 16) }, (_, index) => toPart(index)).join('');

export const bytes = (text: string): Buffer => Buffer.from(text, 'latin1');

export const DIGEST = `sha256:${'a'.repeat(64)}`;

export function casesOf(
  reader: string,
  read: (text: string) => unknown,
  makers: Readonly<Record<string, (size: number) => string>>,
): readonly ReaderCase[] {
  return Object.entries(makers).map(([name, make]) => ({ name: `${reader}: ${name}`, make, read }));
}

/** A DER value, with its length in the shortest form: no other is read. */
export function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const content = Buffer.concat(parts);
  const octets = Buffer.from(content.length.toString(16).padStart(8, '0'), 'hex');
  const length = octets.subarray(octets.findIndex((octet, at) => octet > 0 || at === 3));
  const head = content.length < 128 ? length : Buffer.concat([Buffer.from([0x80 | length.length]), length]);
  return Buffer.concat([Buffer.from([tag]), head, content]);
}
