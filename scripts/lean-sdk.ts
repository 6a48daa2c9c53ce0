import type { Plugin } from 'esbuild';

/**
 * Has clients of the AWS SDK take their credentials from the environment, where Lambda puts them. By itself the SDK
 * holds ways to find others, from profiles to single sign-on, with clients of their own: a seventh of a function.
 */
export const lambdaCredentials: Plugin = {
  name: 'lambda-credentials',
  setup(build) {
    build.onResolve({ filter: /^@aws-sdk\/credential-provider-node$/ }, ({ resolveDir }) => ({
      path: 'credentials',
      namespace: 'lambda-credentials',
      pluginData: { resolveDir },
    }));
    build.onLoad({ filter: /./, namespace: 'lambda-credentials' }, ({ pluginData }) => ({
      contents: "export { fromEnv as defaultProvider } from '@aws-sdk/credential-provider-env';",
      ...(pluginData as { readonly resolveDir: string }),
    }));
  },
};

/**
 * Leaves out what the AWS SDK would ask for in a browser, to say in which it runs. That code is never reached on Node,
 * but an import() in it makes a file of 34 KB all the same.
 */
export const withoutBrowsers: Plugin = {
  name: 'without-browsers',
  setup(build) {
    build.onResolve({ filter: /^bowser$/ }, ({ path }) => ({ path, external: true }));
  },
};
