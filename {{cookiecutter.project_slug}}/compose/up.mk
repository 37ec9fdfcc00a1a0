# Helpers of `make up`.

# Containers read these as other users: make them readable, whatever the umask was.
READABLE := proxy/nginx .secrets/app
READABLE += monitoring  # if metrics
READABLE += deploy/traffic  # if compose
.PHONY: readable
readable: placed | .secrets/app
	@find $(READABLE) ! -perm -go=r -exec chmod go+rX {} +

# Says which lines of `.env` no compose file uses: they do not reach the containers.
.PHONY: unread
unread:
	@[ ! -e .env ] || { known=$$(docker compose config --variables 2>&1 | cut -d " " -f 1) && \
	names=$$(sed -n 's/^\([A-Z][A-Z0-9_]*\)=.*/\1/p' .env | grep -v ^COMPOSE_ | grep -vxF "$$known"); \
	[ -z "$$names" ] || echo "note: no compose file reads these of .env:" $$names; \
	[ -z "$$names" ] || echo "      Settings of containers are in compose/blueprints.yaml, below environment."; }

# Prints the addresses at the end.
define say_addresses
@at=http://$$(docker compose port proxy 8080 | sed 's/^\(.*:.*\):/[\1]:/') && \
echo "service        $$at" && \
echo "documentation  $(if $(filter true,$(SECURITY_DOCS)),$$at/docs,off; make up SECURITY_DOCS=true turns it on)"
@echo "Prometheus     http://$$(docker compose port prometheus 9090)"  # if metrics
@echo "Grafana        off; docker compose --profile grafana up --detach turns it on"  # if metrics
@echo "schema         up to date; the migration container has exited, as expected"  # if database
@echo "make ps lists the containers, make logs follows their logs, make down stops them"
endef
