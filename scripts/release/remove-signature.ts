/** Offsets in the headers of a Windows program (PE Format, Microsoft): of the file, and of a 64-bit optional header. */
const FILE = { headers: 0x3c, length: 0x40 } as const;
const HEADERS = { magic: 0x18, checksum: 0x58, directories: 0x84, certificates: 0xa8, length: 0xb0 } as const;
/** "PE\0\0", and the magic number of PE32+. */
const SIGNATURE = 0x50450000;
const PE32_PLUS = 0x20b;
/** The certificates are the fifth directory. */
const LEAST_DIRECTORIES = 5;

/**
 * A Windows program without the signature of its publisher (Authenticode), which a changed program would carry in vain:
 * Windows calls such a file damaged, and one without a signature unsigned.
 *
 * @throws Error when the file is no 64-bit program of Windows, or bytes follow the signature
 */
export function removeSignature(program: Buffer): Buffer {
  const start = program.length < FILE.length ? 0 : program.readUInt32LE(FILE.headers);
  const headers = program.subarray(start);
  const isProgram =
    program.length >= FILE.length && headers.length >= HEADERS.length && headers.readUInt32BE(0) === SIGNATURE;
  if (!isProgram || headers.readUInt16LE(HEADERS.magic) !== PE32_PLUS) throw new Error('not a 64-bit Windows program');
  if (headers.readUInt32LE(HEADERS.directories) < LEAST_DIRECTORIES) return program;
  // Of all directories this one alone holds an offset in the file.
  const offset = headers.readUInt32LE(HEADERS.certificates);
  const size = headers.readUInt32LE(HEADERS.certificates + 4);
  if (size === 0) return program;
  if (offset < start + HEADERS.length || offset + size !== program.length)
    throw new Error('the signature does not end the Windows program');
  const unsigned = Buffer.from(program.subarray(0, offset));
  unsigned.fill(0, start + HEADERS.certificates, start + HEADERS.length);
  // Zero means that nobody computed it; Windows compares it for drivers alone.
  unsigned.writeUInt32LE(0, start + HEADERS.checksum);
  return unsigned;
}
