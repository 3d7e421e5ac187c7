import { Title } from "../parts/title.tsx";
import { addressOfPlace, NO_FILTER } from "../router.ts";
import { WORDS } from "../words/common.ts";

export function NotFoundPage() {
  return (
    <>
      <Title text={WORDS.notFound.title} />
      <p class="lead">{WORDS.notFound.text}</p>
      <p>
        <a href={addressOfPlace({ page: "list", filter: NO_FILTER })}>{WORDS.notFound.back}</a>
      </p>
    </>
  );
}
