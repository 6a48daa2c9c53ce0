import { gunzipSync } from 'node:zlib';
import { type ParsedTarEntryWithData, unpackTar } from 'modern-tar';
import { ConfigurationError } from '../../base/errors/configuration-error.ts';
import { MAX_DOCUMENTS } from '../prepared/prepared-trust.ts';
import { isProfilePlace, PROFILE_FOLDERS, type TrustDocument } from '../prepared/trust-document.ts';
import { toWrittenDocuments } from './exported-documents.ts';

/** Bytes of an archive of trust documents, packed and unpacked. */
export const MAX_ARCHIVE_BYTES = 4 * 1024 * 1024;
export const MAX_UNPACKED_BYTES = 16 * 1024 * 1024;

const NAME = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$/;

/**
 * Reads the documents of one profile from a `.tar.gz`: regular files at its top, and in its folders. Links,
 * devices, names that escape, names given twice, and anything beyond the limits reject the whole archive.
 *
 * @throws ConfigurationError `DocumentInvalid`, `LimitExceeded`
 */
export async function readTrustArchive(archive: Uint8Array): Promise<readonly TrustDocument[]> {
  if (archive.length > MAX_ARCHIVE_BYTES) throw tooLong();
  const documents = new Map<string, TrustDocument>();
  for (const { header, data } of await unpack(gunzip(archive))) {
    if (header.type === 'directory') continue;
    if (header.type !== 'file') throw invalid(header.name, `a ${header.type} has no place in an archive of documents`);
    const name = parseName(header.name);
    if (documents.has(name)) throw invalid(name, 'the name occurs twice');
    documents.set(name, { name, bytes: data ?? new Uint8Array() });
    if (documents.size > MAX_DOCUMENTS) throw tooLong();
  }
  if (documents.size === 0) throw invalid('archive', 'there are no documents in it');
  return toWrittenDocuments([...documents.values()]);
}

function gunzip(archive: Uint8Array): Uint8Array {
  try {
    return gunzipSync(archive, { maxOutputLength: MAX_UNPACKED_BYTES });
  } catch (cause) {
    if (cause instanceof RangeError) throw tooLong();
    throw new ConfigurationError('DocumentInvalid', 'the archive is not gzip', { cause });
  }
}

async function unpack(tar: Uint8Array): Promise<readonly ParsedTarEntryWithData[]> {
  try {
    return await unpackTar(tar, { strict: true });
  } catch (cause) {
    throw new ConfigurationError('DocumentInvalid', 'the archive is not a whole tar file', { cause });
  }
}

/** `tar -C dir .` writes `./` in front of every name. */
function parseName(raw: string): string {
  const name = raw.replace(/^\.\//, '');
  const parts = name.split('/');
  if (!isProfilePlace(parts) || !NAME.test(parts.at(-1) ?? '')) {
    throw invalid(raw, `expected files at the top of the archive, or in ${PROFILE_FOLDERS.join('/ or ')}/`);
  }
  return name;
}

function invalid(document: string, reason: string): ConfigurationError {
  return new ConfigurationError('DocumentInvalid', reason, { position: { document } });
}

function tooLong(): ConfigurationError {
  return new ConfigurationError(
    'LimitExceeded',
    `an archive has at most ${MAX_DOCUMENTS} documents and ${MAX_UNPACKED_BYTES} bytes`,
  );
}
