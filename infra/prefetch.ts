import { Duration } from "aws-cdk-lib";
import type { FargateTaskDefinition } from "aws-cdk-lib/aws-ecs";
import { Construct } from "constructs";
import { PREFETCH_CONTAINER, type VariableValues } from "#core/layout.ts";
import type { Builds } from "./builds.ts";
import { CondaStoreFunction, type CondaStoreFunctionProps } from "./function.ts";
import { RegularCall } from "./regular-call.ts";
import { sizeBeyond, type TaskSize } from "./task-sizes.ts";

/** As often as conda-store itself looks at channels. */
const EVERY = Duration.minutes(15);

/** Unpacking and reading half a million records is work for a whole processor. */
const MEMORY_MB = 1769;

export interface PrefetchProps extends CondaStoreFunctionProps {
  readonly builds: Builds;
  /** What function and task read of their environments alike. */
  readonly variables: VariableValues;
  /** What the function alone does, with where its tasks are started. */
  readonly functionVariables: VariableValues;
  /** Of builds. */
  readonly taskSizes: readonly [TaskSize, ...TaskSize[]];
}

/** Reads the indexes of channels before anybody asks for them; a channel that is too large for the function is read by a task. */
export class Prefetch extends Construct {
  readonly handler: CondaStoreFunction;
  readonly task: FargateTaskDefinition;

  constructor(scope: Construct, id: string, props: PrefetchProps) {
    super(scope, id);
    const { builds, functionVariables, taskSizes, memoryMb = MEMORY_MB, ...rest } = props;
    this.task = builds.addTask("Prefetch", {
      container: PREFETCH_CONTAINER,
      program: "prefetch.mjs",
      // In less, it would end where the function did.
      size: sizeBeyond(taskSizes, memoryMb),
      variables: rest.variables,
    });
    this.handler = new CondaStoreFunction(this, "Function", {
      memoryMb,
      // What it makes of a channel lies here first.
      temporaryMb: 2048,
      ...rest,
      variables: {
        ...rest.variables,
        ...functionVariables,
        taskDefinition: this.task.taskDefinitionArn,
      },
    });
    builds.grantRun(this.handler, this.task);
    new RegularCall(this, "Schedule", {
      description: "Read the indexes of channels",
      every: EVERY,
      handler: this.handler,
    });
  }
}
