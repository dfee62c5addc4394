import { devNull } from "node:os";

/** What a process needs to run at all, and no trace of the AWS account of whoever runs the tests. */
export function bareEnvironment(): Record<string, string | undefined> {
  const { NODE_COMPILE_CACHE, PATH, SystemRoot } = process.env;
  return {
    NODE_COMPILE_CACHE,
    PATH,
    SystemRoot,
    AWS_CONFIG_FILE: devNull,
    AWS_SHARED_CREDENTIALS_FILE: devNull,
    AWS_EC2_METADATA_DISABLED: "true",
  };
}
