import { ConfigurationError } from '../../base/errors/configuration-error.ts';
import type { AwsSettings } from '../aws/aws-settings.ts';
import type { ProxyOptions } from '../http/proxy.ts';
import { LOG_LEVELS, type LogLevel } from './log-line.ts';

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

/** From which level on lines are logged: `SIGNET_LOG_LEVEL`, `INFO` where it says nothing that is known. */
export function readLogLevel(environment: Environment = process.env): LogLevel {
  const wanted = environment['SIGNET_LOG_LEVEL']?.toUpperCase();
  return LOG_LEVELS.find((level) => level === wanted) ?? 'INFO';
}

/** The trace that Lambda runs an event in, `1-<time>-<id>`; it changes with every event. */
export function readTraceId(environment: Environment = process.env): string | undefined {
  return /(?:^|;)Root=([0-9a-f-]{1,64})(?:;|$)/.exec(environment['_X_AMZN_TRACE_ID'] ?? '')?.[1];
}

function read(environment: Environment, name: string): string | undefined {
  const value = environment[name.toLowerCase()] ?? environment[name];
  return value === '' ? undefined : value;
}
