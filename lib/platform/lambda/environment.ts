import { ConfigurationError } from '../../base/errors/configuration-error.ts';
import type { AwsSettings } from '../aws/aws-settings.ts';
import { readEndpoints } from '../aws/endpoints.ts';
import type { ProxyOptions } from '../http/routes.ts';

/** The levels of log lines, the least important first. */
export const LOG_LEVELS = ['DEBUG', 'INFO', 'WARN', 'ERROR', 'SILENT'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

type Environment = Readonly<Record<string, string | undefined>>;

/** The variables of the proxy. `npm run reference` makes docs/reference/configuration.md from the comments. */
interface ProxyVariables {
  /** Proxy for requests to `https://` addresses; `https_proxy` wins over it. */
  readonly HTTPS_PROXY: 'httpsProxy';
  /** Proxy for requests to `http://` addresses; `http_proxy` wins over it. */
  readonly HTTP_PROXY: 'httpProxy';
  /** Hosts that are contacted without a proxy, separated by commas; `no_proxy` wins over it. */
  readonly NO_PROXY: 'noProxy';
}

/** The variables that Lambda sets for every function. */
interface RoleVariables {
  /** Region of the bucket; needed with `s3://` alone. */
  readonly AWS_REGION: string;
  /** Of the function's role; needed with `s3://` alone. */
  readonly AWS_ACCESS_KEY_ID: string;
  /** Of the function's role; needed with `s3://` alone. */
  readonly AWS_SECRET_ACCESS_KEY: string;
  /** Of the function's role. */
  readonly AWS_SESSION_TOKEN: string;
}

/** The variables of the log. */
interface LogVariables {
  /** Lowest level that is logged: `DEBUG`, `INFO`, `WARN`, `ERROR` or `SILENT`; without it `INFO`. */
  readonly SIGNET_LOG_LEVEL: LogLevel;
  /** Stage of the deployment, a dimension of every metric; without it metrics have the function's name alone. */
  readonly SIGNET_STAGE: string;
}

/** The proxy settings that outbound requests follow; lower-case names win, as in curl. */
export function readProxy(environment: Environment): ProxyOptions {
  return {
    httpsProxy: read(environment, 'HTTPS_PROXY'),
    httpProxy: read(environment, 'HTTP_PROXY'),
    noProxy: read(environment, 'NO_PROXY'),
  };
}

/**
 * What Lambda gives every function of its role, and where AWS is asked.
 *
 * @throws ConfigurationError `DocumentInvalid` that names what is missing
 */
export function readAwsSettings(environment: Environment): AwsSettings {
  const names = [
    'AWS_REGION',
    'AWS_ACCESS_KEY_ID',
    'AWS_SECRET_ACCESS_KEY',
  ] as const satisfies readonly (keyof RoleVariables)[];
  const missing = names.filter((name) => (environment[name] ?? '') === '');
  if (missing.length > 0) throw new ConfigurationError('DocumentInvalid', `environment: ${missing.join(', ')} not set`);
  const [region = '', accessKeyId = '', secretAccessKey = ''] = names.map((name) => environment[name]);
  const sessionToken = environment[SESSION_TOKEN];
  const credentials = { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) };
  return { region, credentials, endpoints: readEndpoints(environment) };
}

const SESSION_TOKEN: keyof RoleVariables = 'AWS_SESSION_TOKEN';
const LOG_LEVEL: keyof LogVariables = 'SIGNET_LOG_LEVEL';
const STAGE: keyof LogVariables = 'SIGNET_STAGE';

/** From which level on lines are logged: `SIGNET_LOG_LEVEL`, `INFO` where it says nothing that is known. */
export function readLogLevel(environment: Environment = process.env): LogLevel {
  const wanted = environment[LOG_LEVEL]?.toUpperCase();
  return LOG_LEVELS.find((level) => level === wanted) ?? 'INFO';
}

/** The stage of the deployment; undefined on one machine. */
export function readStage(environment: Environment = process.env): string | undefined {
  return environment[STAGE] || undefined;
}

/** The trace that Lambda runs an event in, `1-<time>-<id>`; it changes with every event. */
export function readTraceId(environment: Environment = process.env): string | undefined {
  return /(?:^|;)Root=([0-9a-f-]{1,64})(?:;|$)/.exec(environment['_X_AMZN_TRACE_ID'] ?? '')?.[1];
}

function read(environment: Environment, name: keyof ProxyVariables): string | undefined {
  const value = environment[name.toLowerCase()] ?? environment[name];
  return value === '' ? undefined : value;
}
