import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { StoreError } from '../errors/store-error.ts';
import { SDK_TIMEOUTS } from '../http/sdk-settings.ts';
import { type FileContents, readRegularFile } from '../objects/read-regular-file.ts';

/** Bytes of a secret; Secrets Manager holds no more. */
export const MAX_SECRET_BYTES = 64 * 1024;

/**
 * What reads a secret's text, by where it is: the ARN of a secret of Secrets Manager, or a file.
 *
 * @param createClient of Secrets Manager, called for an ARN
 * @returns a function that throws StoreError, which names the place and nothing of what is there
 */
export function openSecret(
  location: string,
  createClient: () => SecretsManagerClient = createSecretsClient,
): () => Promise<string> {
  if (!/^arn:[a-z-]+:secretsmanager:/.test(location)) return () => readSecretFile(location);
  const client = createClient();
  return () => readManagedSecret(client, location);
}

async function readManagedSecret(client: SecretsManagerClient, arn: string): Promise<string> {
  let text: string | undefined;
  try {
    ({ SecretString: text } = await client.send(new GetSecretValueCommand({ SecretId: arn })));
  } catch (cause) {
    // The message of an answer that is not JSON quotes a piece of it, and so of the secret.
    const told = cause instanceof SyntaxError ? {} : { cause };
    throw new StoreError('ConnectionFailed', `the secret ${arn} cannot be read`, told);
  }
  if (text === undefined) throw new StoreError('BodyInvalid', `the secret ${arn} has no text`);
  return text;
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

function createSecretsClient(): SecretsManagerClient {
  return new SecretsManagerClient({ requestHandler: SDK_TIMEOUTS });
}
