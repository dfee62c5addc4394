/** What CloudFormation asks of a custom resource, and what the construct that declares it asks of us. */

/** As CloudFormation sends it; "Custom resource request objects" in its user guide. */
export interface CloudFormationRequest {
  readonly RequestType: "Create" | "Update" | "Delete";
  /** Where the answer goes: a presigned URL, and as such a secret. */
  readonly ResponseURL: string;
  readonly StackId: string;
  readonly RequestId: string;
  readonly LogicalResourceId: string;
  /** What an earlier answer gave; not with `Create`. */
  readonly PhysicalResourceId?: string;
  readonly ResourceProperties?: Readonly<Record<string, unknown>>;
}

/** Which of the checks are made. */
export interface Task {
  /** Whether a consumer that is missing is made. */
  readonly manage: "create" | "verify";
  /** `consumer`: connection, stream and consumer alone, by a function that may do nothing but make consumers. */
  readonly checks: "all" | "consumer";
  /** The physical id of an earlier answer; undefined: there was none. */
  readonly before: string | undefined;
}

const CHOICES = {
  ManageConsumer: ["create", "verify"],
  OnDelete: ["retain", "delete"],
  Checks: ["all", "consumer"],
} as const;

/** Throws when a property is missing, or none that is known. */
export function taskOf(request: CloudFormationRequest): Task {
  return {
    manage: choice(request, "ManageConsumer"),
    checks: choice(request, "Checks"),
    before: request.PhysicalResourceId,
  };
}

/** A property that cannot be read deletes nothing. */
export function isDeleteAsked(request: CloudFormationRequest): boolean {
  return request.ResourceProperties?.["OnDelete"] === "delete";
}

function choice<N extends keyof typeof CHOICES>(
  { ResourceProperties = {} }: CloudFormationRequest,
  name: N,
): (typeof CHOICES)[N][number] {
  const given = ResourceProperties[name];
  const found = CHOICES[name].find((one) => one === given);
  if (found !== undefined) return found;
  throw new Error(
    `property ${name}: given ${JSON.stringify(given)}, expected ${CHOICES[name].join(" or ")}`,
  );
}

/** The names of a consumer, as they stand in its physical id. */
export interface ConsumerNames {
  readonly stream: string;
  readonly consumer: string;
}

/** Beside the names in the id of a consumer that was there before the resource was: it is not the resource's to delete. */
const FOUND = "found";

/** Another name is another resource: CloudFormation then deletes the old one itself, after the update. */
export function physicalIdOf(
  names: ConsumerNames,
  { isMade, before }: { readonly isMade: boolean; readonly before?: string | undefined },
): string {
  const { found, made } = idsOf(names);
  return isMade || made === before ? made : found;
}

/** Whether an earlier answer was about this very consumer, be it made or found then. */
export function isAbout(physicalId: string | undefined, names: ConsumerNames): boolean {
  const { found, made } = idsOf(names);
  return physicalId === made || physicalId === found;
}

function idsOf({ consumer, stream }: ConsumerNames): {
  readonly made: string;
  readonly found: string;
} {
  const made = `${stream}/${consumer}`;
  return { made, found: `${made}/${FOUND}` };
}

/** Undefined for the id of a create that failed, or that found its consumer. NATS allows no slash in a name. */
export function namesIn(physicalId: string): ConsumerNames | undefined {
  const [stream, consumer, ...more] = physicalId.split("/");
  return stream && consumer && more.length === 0 ? { stream, consumer } : undefined;
}

/** After a failed create CloudFormation sends a delete with this id, which has to do nothing. */
export function idOfNothing({ RequestId }: CloudFormationRequest): string {
  return `failed-${RequestId}`;
}
