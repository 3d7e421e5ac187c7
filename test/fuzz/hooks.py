"""What Schemathesis cannot be told on its command line."""

import schemathesis


@schemathesis.hook
def before_call(context, case, kwargs):
    """A redirect is our answer; where it leads is another's."""
    kwargs["allow_redirects"] = False
