import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { StoreError } from '../../base/errors/store-error.ts';
import { SDK_TIMEOUTS } from '../aws/aws-settings.ts';

/** Reads the text of a secret of Secrets Manager anew each time. The function throws StoreError that names the ARN. */
export function createManagedSecret(
  arn: string,
  client: SecretsManagerClient = new SecretsManagerClient({ requestHandler: SDK_TIMEOUTS }),
): () => Promise<string> {
  return async () => {
    let text: string | undefined;
    try {
      ({ SecretString: text } = await client.send(new GetSecretValueCommand({ SecretId: arn })));
    } catch (cause) {
      // The message of an answer that is not JSON quotes a piece of it, and so of the secret.
      const options = cause instanceof SyntaxError ? {} : { cause };
      throw new StoreError('ConnectionFailed', `the secret ${arn} cannot be read`, options);
    }
    if (text === undefined) throw new StoreError('BodyInvalid', `the secret ${arn} has no text`);
    return text;
  };
}
