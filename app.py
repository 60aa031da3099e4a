"""The Chalice app: creates it and registers the blueprints; nothing else."""

from chalicelib.auth import routes as auth_routes
from chalicelib.auth.admins import routes as admins_routes
from chalicelib.auth.tokens import routes as tokens_routes
from chalicelib.events import consumers as events_consumers
from chalicelib.events import routes as events_routes
from chalicelib.gateway import routes as gateway_routes
from chalicelib.gateway.app import create_app
from chalicelib.integrations import consumers as integrations_consumers
from chalicelib.integrations import routes as integrations_routes
from chalicelib.profile import consumers as profile_consumers
from chalicelib.profile import routes as profile_routes
from chalicelib.recommender import consumers as recommender_consumers
from chalicelib.recommender import routes as recommender_routes
from chalicelib.recommender import schedules as recommender_schedules

app = create_app()

app.register_blueprint(gateway_routes.bp)
app.register_blueprint(auth_routes.bp)
app.register_blueprint(tokens_routes.bp)
app.register_blueprint(admins_routes.bp)
app.register_blueprint(profile_routes.bp)
app.register_blueprint(events_routes.bp)
app.register_blueprint(recommender_routes.bp)
app.register_blueprint(integrations_routes.bp)
app.register_blueprint(events_consumers.bp, name_prefix="events-")
app.register_blueprint(profile_consumers.bp, name_prefix="profile-")
app.register_blueprint(integrations_consumers.bp, name_prefix="integrations-")
app.register_blueprint(recommender_consumers.bp, name_prefix="recommender-")
app.register_blueprint(recommender_schedules.bp, name_prefix="recommender-")
