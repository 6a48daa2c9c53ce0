import type { AwsSettings } from '../aws/aws-settings.ts';
import { ConfigurationError } from '../errors/configuration-error.ts';
import type { ProxyOptions } from '../http/proxy.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** The proxy settings that outbound requests follow; lower-case names win, as in curl. */
export function readProxy(environment: Environment): ProxyOptions {
  return {
    httpsProxy: read(environment, 'HTTPS_PROXY'),
    httpProxy: read(environment, 'HTTP_PROXY'),
    noProxy: read(environment, 'NO_PROXY'),
  };
}

/**
 * What Lambda gives every function of its role.
 *
 * @throws ConfigurationError `DocumentInvalid` that names what is missing
 */
export function readAwsSettings(environment: Environment): AwsSettings {
  const names = ['AWS_REGION', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'] as const;
  const missing = names.filter((name) => (environment[name] ?? '') === '');
  if (missing.length > 0) throw new ConfigurationError('DocumentInvalid', `environment: ${missing.join(', ')} not set`);
  const [region = '', accessKeyId = '', secretAccessKey = ''] = names.map((name) => environment[name]);
  return { region, credentials: { accessKeyId, secretAccessKey, sessionToken: environment['AWS_SESSION_TOKEN'] } };
}

function read(environment: Environment, name: string): string | undefined {
  const value = environment[name.toLowerCase()] ?? environment[name];
  return value === '' ? undefined : value;
}
