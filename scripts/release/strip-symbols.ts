/** Offsets in the header of a 64-bit little-endian ELF file, and in that of a section (System V ABI, chapter 4). */
const FILE = { sections: 0x28, sectionSize: 0x3a, sectionCount: 0x3c, namesIndex: 0x3e, length: 0x40 } as const;
const SECTION = { type: 4, flags: 8, offset: 0x18, size: 0x20, length: 0x40 } as const;
/** The type of a section without bytes in the file, and the flag of one that is loaded. */
const NO_BYTES = 8;
const LOADED = 2n;

interface Section {
  readonly header: Buffer;
  readonly isLoaded: boolean;
  readonly bytes: Buffer;
  readonly end: number;
}

/**
 * A Linux program without symbols and debug information, which are a seventh of Node and which nothing needs at run time.
 * `strip` of binutils does the same, but has to be built for the processor, and its output depends on its version.
 *
 * @throws Error when the file is no such program, or something that is loaded lies behind what is not
 */
export function stripSymbols(program: Buffer): Buffer {
  const sections = readSections(program);
  const names = sections[program.readUInt16LE(FILE.namesIndex)];
  const unused = sections.findIndex(({ isLoaded }, index) => index > 0 && !isLoaded);
  if (names === undefined || unused < 0) throw new Error('the ELF file has no section that could go');
  if (sections.slice(unused).some(({ isLoaded }) => isLoaded)) throw new Error('the loaded sections are not the first');
  const loaded = sections.slice(0, unused);
  const end = Math.max(FILE.length, ...loaded.map((section) => section.end));
  const nameHeader = Buffer.from(names.header);
  nameHeader.writeBigUInt64LE(BigInt(end), SECTION.offset);
  const padding = Buffer.alloc((8 - ((end + names.bytes.length) % 8)) % 8);
  const headers = [...loaded.map(({ header }) => header), nameHeader];
  const stripped = Buffer.concat([program.subarray(0, end), names.bytes, padding, ...headers]);
  stripped.writeBigUInt64LE(BigInt(end + names.bytes.length + padding.length), FILE.sections);
  stripped.writeUInt16LE(headers.length, FILE.sectionCount);
  stripped.writeUInt16LE(loaded.length, FILE.namesIndex);
  return stripped;
}

function readSections(program: Buffer): readonly Section[] {
  if (program.length < FILE.length || program.readUInt32BE(0) !== 0x7f454c46 || program[4] !== 2 || program[5] !== 1) {
    throw new Error('not a 64-bit little-endian ELF file');
  }
  if (program.readUInt16LE(FILE.sectionSize) !== SECTION.length)
    throw new Error('the ELF file has other section headers');
  const start = Number(program.readBigUInt64LE(FILE.sections));
  return Array.from({ length: program.readUInt16LE(FILE.sectionCount) }, (_, index) => {
    const header = program.subarray(start + index * SECTION.length, start + (index + 1) * SECTION.length);
    if (header.length !== SECTION.length) throw new Error('the ELF file ends within its section headers');
    const offset = Number(header.readBigUInt64LE(SECTION.offset));
    const size = header.readUInt32LE(SECTION.type) === NO_BYTES ? 0 : Number(header.readBigUInt64LE(SECTION.size));
    if (offset + size > program.length) throw new Error('a section of the ELF file ends behind it');
    const isLoaded = (header.readBigUInt64LE(SECTION.flags) & LOADED) !== 0n;
    return { header, isLoaded, bytes: program.subarray(offset, offset + size), end: offset + size };
  });
}
