"""The widespread recipe, with an endpoint that takes 8 ms of CPU."""

from stacks import recipe
from stacks.busy import router

app = recipe.make()
app.include_router(router)
