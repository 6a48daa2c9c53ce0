import { StoreError } from '../../base/errors/store-error.ts';
import { type FileContents, readRegularFile } from '../files/read-regular-file.ts';

/** Bytes of a secret; Secrets Manager holds no more. */
export const MAX_SECRET_BYTES = 64 * 1024;

/**
 * What reads a secret's text, by where it is: the ARN of a secret of Secrets Manager, or a file. The AWS SDK is loaded
 * for an ARN alone, and then at once: a function has more of the processor while it starts.
 *
 * @param openManaged called for an ARN
 * @returns a function that throws StoreError, which names the place and nothing of what is there
 */
export function openSecret(
  location: string,
  openManaged: (arn: string) => () => Promise<string> = openManagedSecret,
): () => Promise<string> {
  if (!/^arn:[a-z-]+:secretsmanager:/.test(location)) return () => readSecretFile(location);
  return openManaged(location);
}

function openManagedSecret(arn: string): () => Promise<string> {
  const opened = import('./managed-secret.ts').then(({ createManagedSecret }) => createManagedSecret(arn));
  return async () => await (await opened)();
}

/** A link is followed: secrets are mounted as links. */
async function readSecretFile(file: string): Promise<string> {
  let contents: FileContents;
  try {
    contents = await readRegularFile(file, MAX_SECRET_BYTES, 'follow');
  } catch (cause) {
    throw new StoreError('NotFound', `the secret file ${file} cannot be read`, { cause });
  }
  if (contents.kind !== 'whole') {
    throw new StoreError('BodyInvalid', `the secret file ${file} is not a file of at most ${MAX_SECRET_BYTES} bytes`);
  }
  return Buffer.from(contents.bytes).toString('utf8');
}
