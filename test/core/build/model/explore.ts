/**
 * Breadth-first search over all states that any order of steps can reach, with the shortest way to a bad one.
 * @module
 */

export interface Step<State> {
  /** What happened, for the way to a bad state. */
  readonly label: string;
  /** Whether the product does this by itself: neither a person nor a mishap is needed. */
  readonly own: boolean;
  readonly next: State;
}

export interface Model<State, S extends Step<State>> {
  readonly initial: State;
  /** Everything that may happen next. */
  readonly steps: (state: State) => Iterable<S>;
  /** Equal for states from which the same can happen. */
  readonly keyOf: (state: State) => string;
  /** What is wrong with a step, or null. */
  readonly faultOf: (before: State, step: S) => string | null;
  /** Every state must have a way of own steps to one of these. */
  readonly isEnd: (state: State) => boolean;
}

export interface Explored {
  readonly states: number;
  readonly steps: number;
  /** The first bad state on a shortest way, or null. */
  readonly bad: { readonly fault: string; readonly way: readonly string[] } | null;
}

/** @throws Error when there are more states than `statesMax`: a bound of the model is missing */
export function explore<State, S extends Step<State>>(model: Model<State, S>, statesMax: number): Explored {
  const seen = new Map<string, number>([[model.keyOf(model.initial), 0]]);
  const states: State[] = [model.initial];
  const cameFrom: { readonly from: number; readonly label: string }[] = [{ from: -1, label: "" }];
  const ownFrom: number[] = [];
  const ownTo: number[] = [];
  let count = 0;
  const wayTo = (index: number): string[] => {
    const way: string[] = [];
    for (let at = index; at > 0; at = cameFrom[at]?.from ?? 0) way.unshift(cameFrom[at]?.label ?? "");
    return way;
  };
  for (let index = 0; index < states.length; index += 1) {
    const state = states[index] as State;
    for (const step of model.steps(state)) {
      count += 1;
      const fault = model.faultOf(state, step);
      if (fault !== null) {
        return { states: states.length, steps: count, bad: { fault, way: [...wayTo(index), step.label] } };
      }
      const key = model.keyOf(step.next);
      let next = seen.get(key);
      if (next === undefined) {
        next = states.length;
        if (next >= statesMax)
          throw new Error(`more than ${statesMax} states, by ${wayTo(index).join(", ")}`);
        seen.set(key, next);
        states.push(step.next);
        cameFrom.push({ from: index, label: step.label });
      }
      if (step.own) {
        ownFrom.push(index);
        ownTo.push(next);
      }
    }
  }
  const lost = firstLost(
    states.map((state) => model.isEnd(state)),
    ownFrom,
    ownTo,
  );
  const bad = lost === -1 ? null : { fault: "no way to an end without help", way: wayTo(lost) };
  return { states: states.length, steps: count, bad };
}

/** The first state from which no own steps lead to an end; -1 if there is none. */
function firstLost(isEnd: readonly boolean[], from: readonly number[], to: readonly number[]): number {
  const before = Map.groupBy(from.keys(), (edge) => to[edge] as number);
  const saved = [...isEnd];
  const open = isEnd.flatMap((end, index) => (end ? [index] : []));
  for (let state = open.pop(); state !== undefined; state = open.pop()) {
    for (const edge of before.get(state) ?? []) {
      const earlier = from[edge] as number;
      if (saved[earlier]) continue;
      saved[earlier] = true;
      open.push(earlier);
    }
  }
  return saved.indexOf(false);
}
